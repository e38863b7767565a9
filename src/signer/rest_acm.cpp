// SPDX-License-Identifier: Apache-2.0
// ACM's operations (spec control-plane 4).
#include "access/authorised.hpp"
#include "api/acm.hpp"
#include "encoding/base64_string.hpp"
#include "runtime/random.hpp"
#include "signer/certificates.hpp"
#include "signer/signer.hpp"
#include "signer/sql.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::signer {

namespace acm = api::acm;
using awsapi::Caller;

namespace {

Unexpected<ServiceError> refuse(std::string code, std::string message) {
    return Unexpected(ServiceError{std::move(code), 400, std::move(message), {}, {}});
}

// The id of a certificate of the caller's own account and region.
Outcome<std::string> find_own_id(const Scope& scope, const std::string& arn) {
    const auto parsed = parse_certificate_arn(arn);
    if (!parsed) return refuse("InvalidArnException", parsed.error().message);
    if (parsed->scope != scope)
        return refuse("ResourceNotFoundException", "Could not find certificate " + arn + ": this is account " + scope.account.text() +
                                                       " in " + scope.region.text() + ".");
    return parsed->id;
}

Unexpected<ServiceError> not_found(const std::string& arn) {
    return refuse("ResourceNotFoundException", "Could not find certificate " + arn + ".");
}

// The first common name, else the first alternative name: an e-mail address does as well.
std::optional<std::string> find_domain_name(const x509::Certificate& certificate) {
    const auto fields = certificate.subject_fields();
    if (const auto names = fields.find("CommonName"); names != fields.end() && !names->second.empty()) return names->second.front();
    const auto others = certificate.subject_alternative_names();
    return others.empty() ? std::nullopt : std::optional(others.front());
}

std::vector<std::string> list_names(const x509::Certificate& certificate) {
    auto out = certificate.subject_alternative_names();
    if (out.empty())
        if (auto name = find_domain_name(certificate)) out.push_back(std::move(*name));
    return out;
}

std::string status_of(const x509::Certificate& certificate, Timestamp now) {
    return std::string(now < certificate.not_after() ? acm::CertificateStatus::ISSUED : acm::CertificateStatus::EXPIRED);
}

acm::CertificateDetail to_detail(const Scope& scope, const StoredCertificate& stored, const x509::Certificate& certificate, Timestamp now) {
    acm::CertificateDetail out;
    out.certificate_arn = format_certificate_arn(scope, stored.id);
    out.domain_name = find_domain_name(certificate);
    out.subject_alternative_names = list_names(certificate);
    out.serial = certificate.serial();
    out.subject = certificate.subject();
    out.issuer = certificate.issuer();
    out.created_at = stored.created_at;
    out.imported_at = stored.imported_at;
    out.status = status_of(certificate, now);
    out.not_before = certificate.not_before();
    out.not_after = certificate.not_after();
    out.key_algorithm = x509::to_key_type_name(certificate.key_algorithm(), certificate.key_bits());
    out.signature_algorithm = certificate.signature_algorithm_name();
    out.in_use_by.emplace();
    out.type = acm::CertificateType::IMPORTED;
    out.key_usages.emplace();
    for (auto& name : certificate.key_usages()) out.key_usages->push_back({std::move(name)});
    out.extended_key_usages.emplace();
    for (auto& [name, oid] : certificate.extended_key_usages()) out.extended_key_usages->push_back({name, oid});
    out.renewal_eligibility = acm::RenewalEligibility::INELIGIBLE;
    out.options = acm::CertificateOptions{.certificate_transparency_logging_preference = "DISABLED"};
    return out;
}

acm::CertificateSummary to_summary(const Scope& scope, const StoredCertificate& stored, const x509::Certificate& certificate,
                                   Timestamp now) {
    acm::CertificateSummary out;
    out.certificate_arn = format_certificate_arn(scope, stored.id);
    out.domain_name = find_domain_name(certificate);
    out.subject_alternative_name_summaries = list_names(certificate);
    out.has_additional_subject_alternative_names = false;
    out.status = status_of(certificate, now);
    out.type = acm::CertificateType::IMPORTED;
    out.key_algorithm = x509::to_key_type_name(certificate.key_algorithm(), certificate.key_bits());
    out.key_usages = certificate.key_usages();
    out.extended_key_usages.emplace();
    for (auto& [name, oid] : certificate.extended_key_usages()) out.extended_key_usages->push_back(name);
    out.in_use = false;
    out.renewal_eligibility = acm::RenewalEligibility::INELIGIBLE;
    out.not_before = certificate.not_before();
    out.not_after = certificate.not_after();
    out.created_at = stored.created_at;
    out.imported_at = stored.imported_at;
    return out;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// Every wanted word is among those that the certificate has.
bool has_all(const std::optional<std::vector<std::string>>& wanted, const std::vector<std::string>& own) {
    return !wanted || std::all_of(wanted->begin(), wanted->end(), [&](const std::string& word) { return contains(own, word); });
}

bool is_wanted(const acm::ListCertificatesRequest& in, const acm::CertificateSummary& one) {
    if (in.certificate_statuses && !in.certificate_statuses->empty() && !contains(*in.certificate_statuses, *one.status)) return false;
    // Without a filter AWS shows RSA of these two sizes alone; a P-256 code-signing certificate has to be asked for.
    static const std::vector<std::string> shown_by_default{"RSA_1024", "RSA_2048"};
    const auto& kinds =
        in.includes && in.includes->key_types && !in.includes->key_types->empty() ? *in.includes->key_types : shown_by_default;
    if (!contains(kinds, *one.key_algorithm)) return false;
    if (!in.includes) return true;
    return has_all(in.includes->key_usage, *one.key_usages) && has_all(in.includes->extended_key_usage, *one.extended_key_usages);
}

Outcome<objects::Fields> read_tags(const std::vector<acm::Tag>& tags, objects::Fields out = {}) {
    for (const auto& tag : tags) {
        if (tag.key.empty() || tag.key.size() > 128 || tag.value.value_or("").size() > 256 || tag.key.starts_with("aws:"))
            return refuse("InvalidTagException",
                          "The tag '" + tag.key.substr(0, 128) +
                              "' cannot be taken: a key has 1 to 128 characters and does not start with 'aws:', a value has at most 256.");
        out.insert_or_assign(tag.key, tag.value.value_or(""));
    }
    if (out.size() > 50)
        return refuse("TooManyTagsException", "A certificate takes at most 50 tags; it would have " + std::to_string(out.size()) + ".");
    return out;
}

// "CREATED_AT millis id" of the last certificate given.
struct ListToken {
    std::int64_t created_at;
    std::string id;
};
std::optional<ListToken> parse_list_token(std::string_view token) {
    const auto text = encoding::from_base64(token);
    if (!text || !objects::is_storable_text(*text)) return std::nullopt;
    const auto blank = text->find(' ');
    if (blank == std::string::npos) return std::nullopt;
    ListToken out{0, text->substr(blank + 1)};
    const auto [end, error] = std::from_chars(text->data(), text->data() + blank, out.created_at);
    if (error != std::errc() || end != text->data() + blank) return std::nullopt;
    return out;
}

}  // namespace

void Signer::bind_acm(awsapi::Operations& operations) {
    const auto by_arn = [](const Scope&, const auto& in) { return in.certificate_arn; };
    const auto everything = [](const Scope&, const auto&) { return std::string("*"); };

    access::bind_authorised<acm::ImportCertificate>(
        operations, access_,
        [](const Scope& scope, const acm::ImportCertificateRequest& in) {
            return in.certificate_arn.value_or(scope.arn("acm", "certificate/*"));
        },
        [this](const Caller& caller, const acm::ImportCertificateRequest& in) -> Outcome<acm::ImportCertificateResponse> {
            Import import{in.certificate, in.private_key, in.certificate_chain.value_or("")};
            const auto now = clock_.now();
            const auto certificate = judge_import(import);
            if (!certificate) return refuse("ValidationException", certificate.error().message);
            if (auto valid = judge_validity(*certificate, now); !valid) return refuse("ValidationException", valid.error().message);
            objects::Fields tags;
            if (in.tags && !in.tags->empty()) {
                if (in.certificate_arn)
                    return refuse("InvalidParameterException",
                                  "A re-import takes no tags: " + *in.certificate_arn + " keeps those that it has.");
                auto read = read_tags(*in.tags);
                if (!read) return Unexpected(read.error());
                tags = std::move(read).value();
            }
            std::string id = runtime::random_uuid();
            if (in.certificate_arn) {
                auto own = find_own_id(caller.scope, *in.certificate_arn);
                if (!own) return Unexpected(own.error());
                id = std::move(own).value();
            }
            const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
                if (in.certificate_arn) {
                    const auto before = find_certificate_row(session, caller.scope, id);
                    if (!before) return not_found(*in.certificate_arn);
                    const auto parsed = x509::Certificate::parse_pem(before->certificate);
                    if (parsed)
                        if (auto fine = judge_reimport(*parsed, *certificate); !fine)
                            return refuse("ValidationException", fine.error().message);
                }
                put_certificate_row(session, caller.scope, id, import, tags, now);
                return {};
            });
            if (!done) return Unexpected(done.error());
            acm::ImportCertificateResponse out;
            out.certificate_arn = format_certificate_arn(caller.scope, id);
            return out;
        });

    access::bind_authorised<acm::DescribeCertificate>(
        operations, access_, by_arn,
        [this](const Caller& caller, const acm::DescribeCertificateRequest& in) -> Outcome<acm::DescribeCertificateResponse> {
            const auto id = find_own_id(caller.scope, in.certificate_arn);
            if (!id) return Unexpected(id.error());
            const auto stored = store_.read([&](runtime::SqlSession& session) { return find_certificate_row(session, caller.scope, *id); });
            if (!stored) return not_found(in.certificate_arn);
            const auto certificate = x509::Certificate::parse_pem(stored->certificate);
            if (!certificate) return Unexpected(awsapi::to_service_error("acm", certificate.error()));
            acm::DescribeCertificateResponse out;
            out.certificate = to_detail(caller.scope, *stored, *certificate, clock_.now());
            return out;
        });

    access::bind_authorised<acm::GetCertificate>(
        operations, access_, by_arn,
        [this](const Caller& caller, const acm::GetCertificateRequest& in) -> Outcome<acm::GetCertificateResponse> {
            const auto id = find_own_id(caller.scope, in.certificate_arn);
            if (!id) return Unexpected(id.error());
            const auto stored = store_.read([&](runtime::SqlSession& session) { return find_certificate_row(session, caller.scope, *id); });
            if (!stored) return not_found(in.certificate_arn);
            acm::GetCertificateResponse out;
            out.certificate = stored->certificate;
            if (!stored->chain.empty()) out.certificate_chain = stored->chain;
            return out;
        });

    access::bind_authorised<acm::ListCertificates>(
        operations, access_, everything,
        [this](const Caller& caller, const acm::ListCertificatesRequest& in) -> Outcome<acm::ListCertificatesResponse> {
            const auto most = in.max_items.value_or(1000);
            if (most < 1 || most > 1000)
                return refuse("ValidationException", "MaxItems is between 1 and 1000, not " + std::to_string(most) + ".");
            if (in.sort_by.has_value() != in.sort_order.has_value())
                return refuse("InvalidArgsException", "SortBy and SortOrder come together: one of them is missing.");
            const bool newest_first = in.sort_order.value_or("") == acm::SortOrder::DESCENDING;
            ListToken at{newest_first ? INT64_MAX : INT64_MIN, ""};
            if (in.next_token) {
                const auto token = parse_list_token(*in.next_token);
                if (!token) return refuse("ValidationException", "The NextToken is none that ListCertificates gave.");
                at = *token;
            }
            acm::ListCertificatesResponse out;
            out.certificate_summary_list.emplace();
            const auto now = clock_.now();
            constexpr std::int64_t batch = 200;
            for (bool more = true; more;) {
                const auto rows = store_.read([&](runtime::SqlSession& session) {
                    return session.query(newest_first ? sql::list_certificates_newest_first : sql::list_certificates_oldest_first,
                                         {{"account", caller.scope.account.text()},
                                          {"region", caller.scope.region.text()},
                                          {"created_at", at.created_at},
                                          {"id", at.id},
                                          {"count", batch}});
                });
                more = rows.size() == static_cast<std::size_t>(batch);
                for (const auto& row : rows) {
                    const auto stored = read_certificate(row);
                    const auto certificate = x509::Certificate::parse_pem(stored.certificate);
                    if (!certificate) return Unexpected(awsapi::to_service_error("acm", certificate.error()));
                    auto summary = to_summary(caller.scope, stored, *certificate, now);
                    if (is_wanted(in, summary)) {
                        if (out.certificate_summary_list->size() == static_cast<std::size_t>(most)) {
                            out.next_token = encoding::to_base64(std::to_string(at.created_at) + " " + at.id);
                            return out;
                        }
                        out.certificate_summary_list->push_back(std::move(summary));
                    }
                    at = {to_millis(stored.created_at), stored.id};
                }
            }
            return out;
        });

    access::bind_authorised<acm::DeleteCertificate>(
        operations, access_, by_arn, [this](const Caller& caller, const acm::DeleteCertificateRequest& in) -> Outcome<api::Nothing> {
            const auto id = find_own_id(caller.scope, in.certificate_arn);
            if (!id) return Unexpected(id.error());
            const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
                if (session.execute(sql::delete_certificate,
                                    {{"account", caller.scope.account.text()}, {"region", caller.scope.region.text()}, {"id", *id}}) == 0)
                    return not_found(in.certificate_arn);
                return {};
            });
            if (!done) return Unexpected(done.error());
            return api::Nothing{};
        });
}

void Signer::bind_acm_tags(awsapi::Operations& operations) {
    const auto by_arn = [](const Scope&, const auto& in) { return in.certificate_arn; };
    // Changes the tags of a certificate by `change`, in one transaction.
    const auto change_tags = [this](const Scope& scope, const std::string& arn, auto change) -> Outcome<api::Nothing> {
        const auto id = find_own_id(scope, arn);
        if (!id) return Unexpected(id.error());
        const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
            const auto stored = find_certificate_row(session, scope, *id);
            if (!stored) return not_found(arn);
            const Outcome<objects::Fields> tags = change(stored->tags);
            if (!tags) return Unexpected(tags.error());
            session.execute(
                sql::set_certificate_tags,
                {{"account", scope.account.text()}, {"region", scope.region.text()}, {"id", *id}, {"tags", objects::format_fields(*tags)}});
            return {};
        });
        if (!done) return Unexpected(done.error());
        return api::Nothing{};
    };

    access::bind_authorised<acm::AddTagsToCertificate>(
        operations, access_, by_arn, [change_tags](const Caller& caller, const acm::AddTagsToCertificateRequest& in) {
            return change_tags(caller.scope, in.certificate_arn, [&](const objects::Fields& before) { return read_tags(in.tags, before); });
        });
    access::bind_authorised<acm::RemoveTagsFromCertificate>(
        operations, access_, by_arn, [change_tags](const Caller& caller, const acm::RemoveTagsFromCertificateRequest& in) {
            return change_tags(caller.scope, in.certificate_arn, [&](objects::Fields tags) -> Outcome<objects::Fields> {
                for (const auto& tag : in.tags) {
                    const auto found = tags.find(tag.key);
                    // A tag with a value goes only if it has that value.
                    if (found != tags.end() && (!tag.value || *tag.value == found->second)) tags.erase(found);
                }
                return tags;
            });
        });
    access::bind_authorised<acm::ListTagsForCertificate>(
        operations, access_, by_arn,
        [this](const Caller& caller, const acm::ListTagsForCertificateRequest& in) -> Outcome<acm::ListTagsForCertificateResponse> {
            const auto id = find_own_id(caller.scope, in.certificate_arn);
            if (!id) return Unexpected(id.error());
            const auto stored = store_.read([&](runtime::SqlSession& session) { return find_certificate_row(session, caller.scope, *id); });
            if (!stored) return not_found(in.certificate_arn);
            acm::ListTagsForCertificateResponse out;
            out.tags.emplace();
            for (const auto& [key, value] : stored->tags) out.tags->push_back({key, value});
            return out;
        });
}

}  // namespace otabahn::signer
