  !> exp(x) - 1 without loss of digits for small x (Kahan).
  elemental pure function expm1(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y, u
    u = exp(x)
    if (abs(x) > 1.0_dp) then
      y = u - 1.0_dp
    else if (u == 1.0_dp) then
      y = x
    else
      y = (u - 1.0_dp)*x/log(u)
    end if
  end function expm1
