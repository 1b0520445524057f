state u
dt(u) = \alpha*u
