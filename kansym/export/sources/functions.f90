  !> The real cube root.
  elemental pure function cbrt(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = sign(abs(x)**(1.0_dp/3.0_dp), x)
  end function cbrt

  !> -1, 0 or 1.
  elemental pure function signum(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = merge(sign(1.0_dp, x), x, abs(x) > 0.0_dp)
  end function signum

  !> sin(x)/x.
  elemental pure function sinc(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = 1.0_dp
    if (abs(x) > 0.0_dp .or. x /= x) y = sin(x)/x
  end function sinc

  !> Step function.
  elemental pure function heaviside(x, at_zero) result(y)
    real(dp), intent(in) :: x, at_zero
    real(dp) :: y
    y = at_zero
    if (x > 0.0_dp) y = 1.0_dp
    if (x < 0.0_dp) y = 0.0_dp
    if (x /= x) y = x
  end function heaviside

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

  !> log|exp(u) - 1|, also where exp(u) is too large for a double or close to 1.
  elemental pure function log_expm1(u) result(y)
    real(dp), intent(in) :: u
    real(dp) :: y
    y = max(u, 0.0_dp) + log(abs(expm1(-abs(u))))
  end function log_expm1

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

  !> log(1 + x) without loss of digits for small x (Kahan).
  elemental pure function log1p(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y, u
    u = 1.0_dp + x
    if (abs(x) > 0.5_dp) then
      y = log(u)
    else if (u == 1.0_dp) then
      y = x
    else
      y = log(u)*x/(u - 1.0_dp)
    end if
  end function log1p

  !> Airy function Ai: exp(-2/3 x^1.5)/pi times the integral of exp(-sqrt(x) t^2) cos(t^3/3) for x > 1, Taylor
  !> steps of y'' = x y from 0, and the asymptotic series (DLMF 9.7.9) for x < -9.
  elemental pure function airy_ai(x) result(y)
    real(dp), intent(in) :: x
    real(dp), parameter :: pi = 3.141592653589793_dp
    real(dp) :: y, root, step, t, zeta, term, parts(0:1), slope, at, before, a, b, c, power, rise
    integer :: i, n
    if (x > 1.0_dp) then
      root = sqrt(x)
      step = 6.5_dp/sqrt(root)/160.0_dp
      y = 0.5_dp
      do i = 1, 160
        t = i*step
        y = y + exp(-root*t*t)*cos(t*t*t/3.0_dp)
      end do
      y = exp(-2.0_dp/3.0_dp*x*root)*y*step/pi
    else if (x < -9.0_dp) then
      zeta = 2.0_dp/3.0_dp*(-x)*sqrt(-x)
      parts = 0.0_dp
      term = 1.0_dp
      do n = 0, 17
        parts(mod(n, 2)) = parts(mod(n, 2)) + merge(term, -term, mod(n, 4) < 2)
        term = term*(6.0_dp*n + 1.0_dp)*(6.0_dp*n + 3.0_dp)*(6.0_dp*n + 5.0_dp) &
          /(216.0_dp*(n + 1.0_dp)*(2.0_dp*n + 1.0_dp))/zeta
      end do
      y = ((cos(zeta) + sin(zeta))*parts(0) + (sin(zeta) - cos(zeta))*parts(1))/sqrt(2.0_dp*pi*sqrt(-x))
    else
      step = x/20.0_dp
      y = 0.35502805388781723926_dp
      slope = -0.25881940379280679841_dp
      do i = 0, 19
        at = i*step
        before = 0.0_dp
        a = y
        b = slope
        power = step
        y = y + slope*step
        rise = slope
        do n = 0, 29
          ! y'' = x y for the coefficients about `at`.
          c = (at*a + before)/((n + 2.0_dp)*(n + 1.0_dp))
          rise = rise + (n + 2.0_dp)*c*power
          power = power*step
          y = y + c*power
          before = a
          a = b
          b = c
        end do
        slope = rise
      end do
    end if
  end function airy_ai
