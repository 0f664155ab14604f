  !> log|exp(u) - 1|, also where exp(u) is too large for a double or close to 1.
  elemental pure function log_expm1(u) result(y)
    real(dp), intent(in) :: u
    real(dp) :: y
    y = max(u, 0.0_dp) + log(abs(expm1(-abs(u))))
  end function log_expm1
