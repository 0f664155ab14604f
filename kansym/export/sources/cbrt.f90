  !> The real cube root.
  elemental pure function cbrt(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = sign(abs(x)**(1.0_dp/3.0_dp), x)
  end function cbrt
