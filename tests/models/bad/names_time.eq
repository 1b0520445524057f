time s
state s
dt(s) = -s
