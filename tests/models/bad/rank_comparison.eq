state u
dt(u) = u*(u > 0)
