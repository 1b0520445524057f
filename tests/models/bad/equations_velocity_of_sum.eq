state u
dtt(u) = -dt(2*u)
