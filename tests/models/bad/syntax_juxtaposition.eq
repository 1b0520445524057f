state u
param k = 2
dt(u) = 2u + k u - 3(u + 1) + (u)(u)
