state u, v
param k = 1
dt(u) = -kk*u + w
dt(v) = sine(u) - k*v
law e = u^2 + z constant
