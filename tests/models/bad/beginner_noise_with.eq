state u
observe u with noise 0.1
dt(u) = -u
