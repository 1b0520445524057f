state u
param sin = 3
learned grad(u)
dt(u) = -sin*u + grad
