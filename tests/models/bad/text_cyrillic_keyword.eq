stаte u
dt(u) = -u
