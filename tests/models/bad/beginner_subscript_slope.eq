state u(x)
dt(u) = u_xx
