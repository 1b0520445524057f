state u
param a = 2
param b = 2*a
dt(u) = -a*b*u
