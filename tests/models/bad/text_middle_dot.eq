state u
param k = 2
dt(u) = -k·u
