state u(x)
u_t = 3*u
u_tt = -u
