# Frozen reference values of marker-by-arm interactions: R's lm, glm and coxph on simulated data. Run here: Rscript generate.R
suppressPackageStartupMessages(library(survival))
set.seed(20261128)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 80
m <- matrix(rnorm(n * 4), n, dimnames = list(NULL, paste0("m", 1:4))); m[3, 2] <- NA
arm <- rbinom(n, 1, 0.5); age <- rnorm(n, 60, 8)
change <- m[, 1] * arm + m[, 3] + rnorm(n)
response <- rbinom(n, 1, plogis(m[, 1] * arm + 0.5 * m[, 3]))
time <- ceiling(6 * rexp(n, exp(0.8 * m[, 1] * arm + 0.4 * m[, 3]))) / 6; event <- rbinom(n, 1, 0.7)
write(data.frame(arm = arm, age = age, change = change, response = response, time = time, event = event, m), "inputs.tsv")
rows <- list()
for (j in 1:4) for (adjusted in c(FALSE, TRUE)) {
  z <- as.numeric(scale(m[, j])); more <- if (adjusted) "+ age" else ""
  fits <- list(
    linear = lm(as.formula(paste("change ~ arm * z", more))),
    logistic = glm(as.formula(paste("response ~ arm * z", more)), family = binomial, control = list(epsilon = 1e-14, maxit = 100)),
    cox = coxph(as.formula(paste("Surv(time, event) ~ arm * z", more)), control = coxph.control(eps = 1e-14, toler.chol = 1e-14, iter.max = 100)))
  for (family in names(fits)) {
    fit <- fits[[family]]; s <- coef(summary(fit)); v <- vcov(fit)
    se <- if (family == "cox") "se(coef)" else "Std. Error"
    rows[[length(rows) + 1]] <- data.frame(family = family, marker = j, adjusted = adjusted, interaction = s["arm:z", 1],
      standard_error = s["arm:z", se], p_value = s["arm:z", ncol(s)], in_control = s["z", 1], in_control_error = s["z", se],
      in_treated = s["z", 1] + s["arm:z", 1], in_treated_error = sqrt(v["z", "z"] + v["arm:z", "arm:z"] + 2 * v["z", "arm:z"]))
  }
}
write(do.call(rbind, rows), "interactions.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
