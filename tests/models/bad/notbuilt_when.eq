state u
dt(u) = -u
when u < 0: u = 1
