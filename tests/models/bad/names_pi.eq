state u
param pi = 3
dt(u) = -pi*u
