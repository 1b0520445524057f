state u(x
sate v
dt(u) = 2u
dt(v) = (v + 1
param k 3
