# Frozen reference values of the variance prior: limma's squeezeVar on simulated variances.
# Moments: any limma (older releases know nothing else). Likelihood: limma >= 3.62 (squeezeVar has `legacy`).
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
options(digits = 17, warn = -1)
two_generations <- "legacy" %in% names(formals(limma::squeezeVar))

simulate <- function(n, df, df_prior, scale = 1) {
  prior <- if (is.finite(df_prior)) rchisq(n, df_prior) / df_prior else rep(1, n)
  scale / prior * rchisq(n, df) / df
}

set.seed(20240731)
cases <- list()
add <- function(name, variance, df, covariate) {
  cases[[name]] <<- data.frame(case = name, index = seq_along(variance), variance = variance,
                               df = rep_len(df, length(variance)), covariate = covariate)
}
n <- 80
a <- runif(n, 2, 12)
add("equal_df", simulate(n, 6, 8, exp(1 - a / 6)), 6, a)
x <- simulate(n, 6, 8, exp(1 - a / 6)); x[c(3, 20, 41)] <- c(90, 1e3, 25)
add("equal_df_outliers", x, 6, a)
d <- sample(c(3, 5, 5.5, 8, 12), n, replace = TRUE)
x <- simulate(n, d, 5, exp(1 - a / 6)); x[c(3, 20)] <- c(400, 60); x[7] <- 1e-7
add("unequal_df_outliers", x, d, a)
x <- simulate(n, d, 5, exp(1 - a / 6)); x[c(1, 30)] <- 0; d0 <- d; d0[c(11, 12)] <- 0; x[11] <- NA
add("zeros_and_no_df", x, d0, a)
x <- simulate(n, d, 5); x[c(5, 9)] <- NA
add("missing_variances", x, d, a)
add("infinite_prior_df", simulate(n, 10, Inf), 10, a)
x <- simulate(n, 10, Inf); x[17] <- 30
add("infinite_prior_df_outlier", x, 10, a)
add("nearly_equal_variances", exp(rnorm(n, sd = 0.05)), d, a)
x <- simulate(n, 200, 400); x[4] <- 5e6
add("tail_underflow", x, 200, a)
x <- simulate(n, d + 200, 400); x[4] <- 5e6
add("tail_underflow_unequal_df", x, d + 200, a)
add("tied_covariate", simulate(n, d, 4), d, rep(c(1, 2, 2, 3), length.out = n))
add("constant_covariate", simulate(n, d, 4), d, rep(3, n))
add("heavy_ties_at_the_edge", simulate(n, d, 4), d, c(rep(1, 50), runif(n - 50, 1, 3)))
add("wide_scale", simulate(n, d, 3, 10^a), d, a)
for (m in c(3, 4, 5, 7, 9, 12, 29, 31)) {
  i <- seq_len(m)
  add(paste0("n_", m, "_equal_df"), simulate(m, 4, 6), 4, a[i])
  add(paste0("n_", m, "_unequal_df"), simulate(m, d[i], 6), d[i] + (i == 1), a[i])
}
add("two_informative", c(0.5, 2, 0, 0), c(4, 5, 4, 4), a[1:4])
add("mostly_zero", c(simulate(30, 5, 5), rep(0, 50)), d, a)

run <- function(case, trend, robust, legacy) {
  arguments <- list(case$variance, case$df, covariate = if (trend) case$covariate, robust = robust)
  if (two_generations) arguments$legacy <- legacy
  fit <- tryCatch(do.call(limma::squeezeVar, arguments), error = function(e) NULL)
  if (is.null(fit)) return(NULL)
  data.frame(case = case$case, trend = trend, robust = robust, index = case$index, var_prior = fit$var.prior,
             df_prior = fit$df.prior, var_post = fit$var.post)
}
collect <- function(legacy) {
  rows <- list()
  for (case in cases) for (trend in c(FALSE, TRUE)) for (robust in c(FALSE, TRUE))
    rows[[length(rows) + 1]] <- run(case, trend, robust, legacy)
  do.call(rbind, rows)
}
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(do.call(rbind, cases), "inputs.tsv.gz")
write(collect(TRUE), "moments.tsv.gz")
if (two_generations) write(collect(FALSE), "likelihood.tsv.gz")
writeLines(c(capture.output(sessionInfo())), "session_info.txt")
