state u
k = 0.3
f(u) = u^2
dt(u) = -k*u
