# Frozen reference values of survival analysis: R's survival on simulated follow-up. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(survival))
set.seed(20240804)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 90
x <- cbind(rnorm(n), rbinom(n, 1, 0.4), rexp(n) * 40, round(rnorm(n), 1), rt(n, 2))
colnames(x) <- paste0("x", 1:5)
hazard <- exp(0.6 * x[, 1] - 0.8 * x[, 2] + 0.01 * x[, 3])
event_time <- rexp(n, hazard); censoring <- rexp(n, 0.4)
time <- ceiling(pmin(event_time, censoring) * 8) / 8   # many ties
event <- as.integer(event_time <= censoring)
x[cbind(c(3, 8, 15), c(1, 1, 5))] <- NA
time[20] <- NA; event[21] <- NA
write(data.frame(time = time, event = event, x), "inputs.tsv")

tight <- coxph.control(eps = 1e-14, toler.chol = 1e-14, iter.max = 100)
rows <- list()
for (ties in c("efron", "breslow")) {
  for (j in 1:5) for (adjusted in c(FALSE, TRUE)) {
    if (adjusted && j %in% 2:3) next
    formula <- if (adjusted) Surv(time, event) ~ x[, j] + x[, 2] + x[, 3] else Surv(time, event) ~ x[, j]
    fit <- coxph(formula, ties = ties, control = tight)
    s <- summary(fit)$coefficients
    rows[[length(rows) + 1]] <- data.frame(ties = ties, feature = j, adjusted = adjusted, log_hr = s[1, 1], se = s[1, 3],
      z = s[1, 4], p = s[1, 5], n = fit$n, n_events = fit$nevent)
  }
}
write(do.call(rbind, rows), "cox.tsv")
rows <- list()
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, event) ~ x, ties = ties, control = tight)
  rows[[ties]] <- data.frame(ties = ties, log_hr = coef(fit), covariance = vcov(fit), log_likelihood = fit$loglik[2],
                             null_log_likelihood = fit$loglik[1])
}
write(do.call(rbind, rows), "cox_five.tsv")

rows <- list()
for (j in 1:5) {
  fit <- concordance(Surv(time, event) ~ x[, j], reverse = TRUE)
  rows[[j]] <- data.frame(feature = j, estimate = fit$concordance, se = sqrt(fit$var), t(fit$count))
}
write(do.call(rbind, rows), "concordance.tsv")

rows <- list()
for (type in c("log", "log-log", "plain")) {
  fit <- survfit(Surv(time, event) ~ 1, conf.type = type)
  rows[[type]] <- data.frame(interval = type, time = fit$time, n_at_risk = fit$n.risk, n_events = fit$n.event,
    n_censored = fit$n.censor, survival = fit$surv, se = fit$std.err * fit$surv, low = fit$lower, high = fit$upper)
}
write(do.call(rbind, rows), "kaplan_meier.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
