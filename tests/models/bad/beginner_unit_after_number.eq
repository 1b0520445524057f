state u
param g = 9.81 m/s^2
dt(u) = -g
