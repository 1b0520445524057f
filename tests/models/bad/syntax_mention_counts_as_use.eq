# `k` is used in the statement that cannot be read.
state u
param k = 1
dt(u) = -k u
