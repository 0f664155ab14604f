  !> log|exp(u) + c|, also where exp(u) is too large for a double.
  elemental pure function log_exp_sum(u, c) result(y)
    real(dp), intent(in) :: u, c
    real(dp) :: y, small
    small = exp(-abs(u))
    if (u > 0.0_dp) then
      y = u + log(abs(1.0_dp + c*small))
    else
      y = log(abs(small + c))
    end if
  end function log_exp_sum
