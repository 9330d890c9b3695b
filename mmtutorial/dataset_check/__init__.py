"""``mmtutorial data check``: read a whole data set as training would, and show what is in it and what is wrong.

Training stops at the first file that it cannot use. The check goes on, names every one, and looks for images of the
reported split among those trained on.
"""

from mmtutorial.dataset_check.checking import DatasetCheck, Leak, check_dataset
from mmtutorial.dataset_check.looking import SplitCheck
from mmtutorial.dataset_check.page import refuse_page, write_contact_sheet
from mmtutorial.dataset_check.words import lines

__all__ = ["DatasetCheck", "Leak", "SplitCheck", "check_dataset", "lines", "refuse_page", "write_contact_sheet"]
