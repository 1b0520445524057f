state u
param k = ?
dt(u) = -k*u
