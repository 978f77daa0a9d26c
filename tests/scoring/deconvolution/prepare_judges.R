# Writes COHORT_expression.tsv (genes x samples, TPM) and COHORT_truth.tsv (samples x cell types) into a folder:
#   Rscript prepare_judges.R OUT FILES
# FILES holds GSE107572.rda and GSE127813.rda as they once were in data/ of kalidouBA/DICEPRO (blobs 6f9cba67 and
# 998f421e of its history). Nothing is chosen here: all genes, all samples, all fractions.
words <- commandArgs(trailingOnly = TRUE)
for (cohort in c("GSE107572", "GSE127813")) {
  found <- new.env()
  load(file.path(words[2], paste0(cohort, ".rda")), found)
  made <- found[[cohort]]
  values <- vapply(made$gene_expression, as.numeric, numeric(nrow(made$gene_expression)))
  truth <- vapply(made$ground_proportion, as.numeric, numeric(nrow(made$ground_proportion)))
  expression <- data.frame(gene = rownames(made$gene_expression), values, check.names = FALSE)
  fractions <- data.frame(sample = rownames(made$ground_proportion), truth, check.names = FALSE)
  for (name in c("expression", "truth")) {
    table <- list(expression = expression, truth = fractions)[[name]]
    path <- file.path(words[1], sprintf("%s_%s.tsv", cohort, name))
    write.table(table, path, sep = "\t", quote = FALSE, row.names = FALSE)
  }
}
