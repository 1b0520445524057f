state u
data "file.h5"
dt(u) = -u
