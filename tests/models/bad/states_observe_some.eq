state u, v
dt(u) = -u
dt(v) = -v
observe u noise -1
