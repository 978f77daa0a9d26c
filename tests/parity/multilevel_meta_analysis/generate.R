# Frozen reference values of meta-regression over platforms: metafor's rma.mv on simulated effects of eight conditions.
# Of several optimizers the one with the highest restricted likelihood counts. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(metafor))
set.seed(20261127)
groups <- paste0(rep(c("F", "M"), each = 4), c("1W", "2W", "4W", "8W"))
controls <- list(
  list(), list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-14), list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14, maxit = 20000),
  list(tau2.init = 0.05, rho.init = 0.1), list(tau2.init = 0.05, rho.init = 0.9)
)
inputs <- list(); estimates <- list(); tests <- list()
for (m in 1:36) {
  platforms <- 2 + (m %% 3)
  tau <- c(0, 0.1, 0.5)[1 + (m %/% 3) %% 3]; rho <- c(0, 0.5, 0.95)[1 + m %% 3]
  random <- tau * (sqrt(rho) * matrix(rnorm(platforms), 8, platforms, byrow = TRUE) + sqrt(1 - rho) * matrix(rnorm(8 * platforms), 8))
  se <- matrix(runif(8 * platforms, 0.05, 0.3), 8)
  y <- rnorm(8, sd = 0.3) * (m %% 2) + random + se * matrix(rnorm(8 * platforms), 8)
  d <- data.frame(metabolite = m, group = rep(groups, platforms), platform = rep(paste0("p", 1:platforms), each = 8), y = c(y), se = c(se))
  if (m %% 5 == 0) d <- d[-sample(nrow(d), 3), ]
  best <- NULL
  for (control in controls) {
    fit <- tryCatch(suppressWarnings(rma.mv(yi = y, V = se^2, mods = ~ 0 + group, random = ~ group | platform, data = d, control = control)),
      error = function(e) NULL)
    if (!is.null(fit) && is.finite(logLik(fit)) && (is.null(best) || logLik(fit) > logLik(best))) best <- fit
  }
  if (is.null(best)) next  # none of the optimizers ended: no reference
  inputs[[m]] <- d
  estimates[[m]] <- data.frame(metabolite = m, group = sub("group", "", rownames(best$beta)), estimate = c(best$beta), se = best$se, statistic = best$zval,
    p = best$pval)
  tests[[m]] <- data.frame(metabolite = m, tau2 = best$tau2, rho = best$rho, log_likelihood = as.numeric(logLik(best)), qm = best$QM, qm_p = best$QMp,
    qe = best$QE, qe_p = best$QEp)
}
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(do.call(rbind, inputs), "inputs.tsv.gz")
write(do.call(rbind, estimates), "estimates.tsv.gz")
write(do.call(rbind, tests), "tests.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
