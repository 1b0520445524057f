state u
d/dt u = -u
d/dt (u) = -u
dt u = -u
ddt(u) = -u
u.dt = -u
