// SPDX-License-Identifier: Apache-2.0
#include "signer/signing_jobs.hpp"

#include "signer/sql.hpp"

#include <stdexcept>

namespace otabahn::signer {

SigningJob read_job(const runtime::SqlRow& row) {
    SigningJob out{.scope = {AccountId::trusted(row.text(0)), Region::trusted(row.text(1))}};
    out.id = row.text(2);
    out.newness = row.integer(3);
    out.profile_name = row.text(4);
    out.profile_version = row.text(5);
    out.platform_id = row.text(6);
    out.certificate_arn = row.text(7);
    out.encryption = row.text(8);
    out.hash = row.text(9);
    out.image_format = row.text(10);
    out.parameters = objects::parse_fields(row.text(11));
    out.source_bucket = row.text(12);
    out.source_key = row.text(13);
    out.source_version = row.text(14);
    out.target_bucket = row.text(15);
    out.target_prefix = row.text(16);
    out.requested_by = row.text(17);
    out.status = row.text(18);
    out.status_reason = row.text(19);
    out.created_at = row.time(20);
    if (!row.is_null(21)) out.completed_at = row.time(21);
    return out;
}

std::optional<SigningJob> find_job_row(runtime::SqlSession& session, const Scope& scope, const std::string& id) {
    const auto row = session.query_one(sql::find_job, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"job_id", id}});
    if (!row) return std::nullopt;
    return read_job(*row);
}

std::optional<SigningJob> find_job_of_token(runtime::SqlSession& session, const Scope& scope, const std::string& token) {
    const auto row =
        session.query_one(sql::find_job_by_token, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"token", token}});
    if (!row) return std::nullopt;
    return read_job(*row);
}

SigningJob insert_job_row(runtime::SqlSession& session, const SigningJob& job, const std::string& token) {
    const auto inserted = session.query_one(sql::insert_job, {{"account", job.scope.account.text()},
                                                              {"region", job.scope.region.text()},
                                                              {"job_id", job.id},
                                                              {"token", token},
                                                              {"newness", -to_millis(job.created_at)},
                                                              {"profile_name", job.profile_name},
                                                              {"profile_version", job.profile_version},
                                                              {"platform_id", job.platform_id},
                                                              {"certificate_arn", job.certificate_arn},
                                                              {"encryption", job.encryption},
                                                              {"hash", job.hash},
                                                              {"image_format", job.image_format},
                                                              {"parameters", objects::format_fields(job.parameters)},
                                                              {"source_bucket", job.source_bucket},
                                                              {"source_key", job.source_key},
                                                              {"source_version", job.source_version},
                                                              {"target_bucket", job.target_bucket},
                                                              {"target_prefix", job.target_prefix},
                                                              {"requested_by", job.requested_by},
                                                              {"now", job.created_at}});
    if (inserted) return job;
    auto earlier = find_job_of_token(session, job.scope, token);
    if (!earlier) throw std::logic_error("a signing job's id was taken: " + job.id);
    return std::move(*earlier);
}

}  // namespace otabahn::signer
