  state u
dt(u) = -u
