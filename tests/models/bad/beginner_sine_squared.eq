state u
dt(u) = ln(u) + sin^2(u)
