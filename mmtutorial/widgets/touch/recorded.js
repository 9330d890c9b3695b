// A figure to touch without a kernel: what Python would answer was recorded, state by state.

/** What the front end takes for its model. `record.scenes` holds, for each state, what differs from `record.scene`. */
export function recordedModel(record) {
  const listeners = {}, values = { ...record.traits, move: {}, answer: {} };
  const key = (state) => JSON.stringify(record.over.map((name) => state[name]));
  const fire = (name) => (listeners[`change:${name}`] ?? []).forEach((listen) => listen());
  const show = (state) => {
    values.state = state;
    values.scene = { ...record.scene, ...record.scenes[key(state)] };
  };
  show(values.state);
  return {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    on: (name, listen) => (listeners[name] ??= []).push(listen),
    off: (name, listen) => { listeners[name] = (listeners[name] ?? []).filter((other) => other !== listen); },
    save_changes: () => {
      const { set, count } = values.move;
      if (set) show({ ...values.state, ...set });
      values.answer = { text: "", mood: "", count };
      fire("scene");
      fire("answer");
    },
  };
}
