import numpy as np
from math import sin
state u
dt(u) = np.sin(u)
