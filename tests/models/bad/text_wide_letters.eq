state 温度
dt(温度) = -温度 温度
