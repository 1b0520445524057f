state u
du[1] = -u[1]
