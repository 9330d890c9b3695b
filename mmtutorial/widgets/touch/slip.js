// A betting slip for anywidget: a question, and a button for each choice. Python keeps what was chosen.
//
// A cell shows the question with its choices as text inside <div data-slip="KEY">. Once the model with that key is
// there, buttons take the place of the text; without a kernel the text stands.

const STYLE = `
.mm-slip { font: 15px/1.5 system-ui, sans-serif; border-left: 6px solid #0072b2; padding: 6px 14px; max-width: 900px; }
.mm-slip p { margin: 2px 0 6px; }
.mm-slip div { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 8px; }
.mm-slip button { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor;
  border-radius: 6px; padding: 4px 12px; min-height: 32px; cursor: pointer; text-align: left; }
.mm-slip button[aria-pressed=true] { background: #0072b2; border-color: #0072b2; color: #ffffff; font-weight: 600; }
.mm-slip button:focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }
`;

function mount(model, box) {
  const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
  const slip = make("section"), question = make("p"), row = make("div"), said = make("p");
  slip.className = "mm-slip";
  slip.setAttribute("aria-label", "Place your bet");
  question.append(make("strong", "Place your bet. "), model.get("question"));
  said.setAttribute("aria-live", "polite");
  const buttons = model.get("choices").map((choice, place) => {
    const button = make("button", choice);
    button.type = "button";
    button.addEventListener("click", () => {
      model.set("chosen", place);
      model.save_changes();
    });
    return button;
  });
  const show = () => {
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === model.get("chosen"))));
    said.textContent = model.get("said");
  };
  row.append(...buttons);
  slip.append(make("style", STYLE), question, row, said);
  box.replaceChildren(slip);
  show();
  ["chosen", "said"].forEach((name) => model.on(`change:${name}`, show));
  return () => ["chosen", "said"].forEach((name) => model.off(`change:${name}`, show));
}

function initialize({ model }) {
  const live = new Map(), selector = `[data-slip="${model.get("key")}"]`;
  const look = () => {
    for (const box of document.querySelectorAll(selector)) if (!live.has(box)) live.set(box, mount(model, box));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    observer.disconnect();
    live.forEach((stop) => stop());
    live.clear();
  };
}

export default { initialize, render: ({ model, el }) => mount(model, el) };
