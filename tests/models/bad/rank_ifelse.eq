state u
dt(u) = ifelse(u, 1, 0)
