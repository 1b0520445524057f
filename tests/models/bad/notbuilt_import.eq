import "parts.eq" as p
state u
dt(u) = -u
