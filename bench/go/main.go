// SPDX-License-Identifier: MIT
// The Go peer, from Debian's packages: net/http, aws-sdk-go-v2, pgx, golang-jwt.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/golang-jwt/jwt"
	"github.com/jackc/pgx/v4/pgxpool"
)

var (
	issuer  = os.Getenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER") + "/" + os.Getenv("AWS_COGNITO_USER_POOL_ID")
	clients = strings.Split(os.Getenv("AWS_COGNITO_USER_POOL_CLIENT_ID"), ",")
	table   = aws.String(os.Getenv("CRUDDUR_MESSAGES_TABLE"))
	keys    = map[string]*rsa.PublicKey{}
	parser  = jwt.Parser{ValidMethods: []string{"RS256"}}
	pool    *pgxpool.Pool
	store   *dynamodb.Client
)

type user struct {
	UUID        string `json:"uuid"`
	Handle      string `json:"handle"`
	DisplayName string `json:"display_name"`
}

type shown struct {
	Group       string `json:"message_group_uuid,omitempty"`
	UUID        string `json:"uuid"`
	DisplayName string `json:"display_name"`
	Handle      string `json:"handle"`
	Message     string `json:"message"`
	CreatedAt   string `json:"created_at"`
}

type claims struct {
	jwt.StandardClaims
	TokenUse string `json:"token_use"`
	ClientID string `json:"client_id"`
}

type row = map[string]types.AttributeValue

func text(r row, name string) string {
	if s, ok := r[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func show(r row, key string) shown {
	return shown{UUID: text(r, key), DisplayName: text(r, "user_display_name"), Handle: text(r, "user_handle"),
		Message: text(r, "message"), CreatedAt: text(r, "sk")}
}

func answer(w http.ResponseWriter, status int, body interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int, code string) { answer(w, status, []string{code}) }

func find(ctx context.Context, column, value string) (u user, err error) {
	err = pool.QueryRow(ctx, "SELECT uuid::text, handle, display_name FROM public.users WHERE "+column+" = $1", value).
		Scan(&u.UUID, &u.Handle, &u.DisplayName)
	return
}

// authenticated checks the token, finds its user and calls the handler with it.
func authenticated(next func(http.ResponseWriter, *http.Request, user)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var c claims
		_, err := parser.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &c,
			func(t *jwt.Token) (interface{}, error) {
				kid, _ := t.Header["kid"].(string)
				if key := keys[kid]; key != nil {
					return key, nil
				}
				return nil, errors.New("unknown kid")
			})
		ours := false
		for _, id := range clients {
			ours = ours || id == c.ClientID
		}
		if err != nil || c.Issuer != issuer || c.TokenUse != "access" || !ours {
			w.Header().Set("WWW-Authenticate", "Bearer")
			answer(w, 401, struct{}{})
			return
		}
		u, err := find(r.Context(), "cognito_user_id", c.Subject)
		if err != nil {
			fail(w, 422, "cognito_user_id_not_found")
			return
		}
		next(w, r, u)
	}
}

func query(ctx context.Context, pk string) ([]row, error) {
	out, err := store.Query(ctx, &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :pk"),
		ScanIndexForward: aws.Bool(false), Limit: aws.Int32(20), ExpressionAttributeValues: row{":pk": str(pk)}})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

func isMember(ctx context.Context, u user, group string) (bool, error) {
	out, err := store.Query(ctx, &dynamodb.QueryInput{TableName: table, IndexName: aws.String("message-group-sk-index"),
		KeyConditionExpression: aws.String("message_group_uuid = :g"), ExpressionAttributeValues: row{":g": str(group)}})
	if err != nil {
		return false, err
	}
	for _, r := range out.Items {
		if text(r, "pk") == "GRP#"+u.UUID {
			return true, nil
		}
	}
	return false, nil
}

// member answers for the caller when the user is not a member of the group.
func member(w http.ResponseWriter, r *http.Request, u user, group string) bool {
	yes, err := isMember(r.Context(), u, group)
	if err != nil {
		unavailable(w, err)
	} else if !yes {
		fail(w, 404, "message_group_not_found")
	}
	return yes
}

func unavailable(w http.ResponseWriter, err error) {
	log.Print(err)
	fail(w, 503, "service_unavailable")
}

func messageGroups(w http.ResponseWriter, r *http.Request, u user) {
	rows, err := query(r.Context(), "GRP#"+u.UUID)
	if err != nil {
		unavailable(w, err)
		return
	}
	list := make([]shown, len(rows))
	for i, item := range rows {
		list[i] = show(item, "message_group_uuid")
	}
	answer(w, 200, list)
}

func messages(w http.ResponseWriter, r *http.Request, u user) {
	group := strings.TrimPrefix(r.URL.Path, "/api/messages/")
	if !member(w, r, u, group) {
		return
	}
	rows, err := query(r.Context(), "MSG#"+group)
	if err != nil {
		unavailable(w, err)
		return
	}
	list := make([]shown, len(rows))
	for i, item := range rows {
		list[len(rows)-1-i] = show(item, "message_uuid")
	}
	answer(w, 200, list)
}

func createMessage(w http.ResponseWriter, r *http.Request, u user) {
	var body struct {
		Message string `json:"message"`
		Group   string `json:"message_group_uuid"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 16384)).Decode(&body) != nil {
		fail(w, 400, "malformed_json")
		return
	}
	if strings.TrimSpace(body.Message) == "" || len([]rune(body.Message)) > 1024 {
		fail(w, 422, "message_blank")
		return
	}
	if !member(w, r, u, body.Group) {
		return
	}
	item := row{"pk": str("MSG#" + body.Group), "sk": str(time.Now().UTC().Format("2006-01-02T15:04:05.000000-07:00")),
		"message_uuid": str(newUUID()), "message": str(body.Message), "user_uuid": str(u.UUID),
		"user_display_name": str(u.DisplayName), "user_handle": str(u.Handle)}
	if _, err := store.PutItem(r.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
		unavailable(w, err)
		return
	}
	s := show(item, "message_uuid")
	s.Group = body.Group
	answer(w, 200, s)
}

func short(w http.ResponseWriter, r *http.Request) {
	u, err := find(r.Context(), "handle", strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/api/users/@"), "/short"))
	if err != nil {
		fail(w, 404, "user_not_found")
		return
	}
	answer(w, 200, u)
}

func fetchKeys() {
	res, err := http.Get(issuer + "/.well-known/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		log.Fatal(err)
	}
	for _, k := range set.Keys {
		n, _ := base64.RawURLEncoding.DecodeString(k.N)
		e, _ := base64.RawURLEncoding.DecodeString(k.E)
		keys[k.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	}
}

func main() {
	var err error
	if pool, err = pgxpool.Connect(context.Background(), os.Getenv("CONNECTION_URL")+"&pool_max_conns=8"); err != nil {
		log.Fatal(err)
	}
	fetchKeys()
	store = dynamodb.New(dynamodb.Options{
		Region:           os.Getenv("AWS_REGION"),
		EndpointResolver: dynamodb.EndpointResolverFromURL(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 512
		}),
	})
	http.HandleFunc("/api/health-check", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]interface{}{"success": true, "ver": "go"})
	})
	http.HandleFunc("/api/users/", short)
	http.HandleFunc("/api/message_groups", authenticated(messageGroups))
	http.HandleFunc("/api/messages/", authenticated(messages))
	http.HandleFunc("/api/messages", authenticated(createMessage))
	unix, err := net.Listen("unix", os.Getenv("BENCH_SOCKET"))
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(unix, nil)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("BENCH_PORT"), nil))
}
