state u
param k = 1
dt(u) = -k.*u.^2
