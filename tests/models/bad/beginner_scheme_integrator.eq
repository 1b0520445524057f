state u
scheme rk4
dt(u) = -u
