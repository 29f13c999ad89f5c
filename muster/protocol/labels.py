"""Machine labels, by which people select machines.

Names and values have Kubernetes' syntax (`app.domain.labels` parses the same).
"""

from typing import Annotated

import msgspec

NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z"
VALUE_PATTERN = r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?\Z"
MAX_LABELS = 32

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
Value = Annotated[str, msgspec.Meta(pattern=VALUE_PATTERN)]
Labels = Annotated[dict[Name, Value], msgspec.Meta(max_length=MAX_LABELS)]
