state u: m s
param k: 1/s^0.5 = 1
param l: 2*m = 1
