state u
dt(u) = -u
observe y = u^2
